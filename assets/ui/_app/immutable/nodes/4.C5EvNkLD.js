
export{t as component}from"../chunks/BZJIPkHI.js";